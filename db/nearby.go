package db

import "baas/db/fault"

// noGeoIndex is the error for a $geoNear that does not name a path.
func noGeoIndex() error {
	return fault.New(fault.DatabaseFailed,
		"unable to find index for $geoNear query: create a 2dsphere index, or name the path of the locations with key")
}

// GeoPath implements aggregate.Store.
func (s *callersStore) GeoPath(string) (string, error) { return "", noGeoIndex() }

// GeoPath implements aggregate.Store.
func (s *transactionStore) GeoPath(string) (string, error) { return "", noGeoIndex() }
