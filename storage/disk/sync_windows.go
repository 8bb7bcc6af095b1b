package disk

// syncDir does nothing: Windows has no call to sync a folder, its file system
// journals names by itself.
func (d *Driver) syncDir(string) error { return nil }
