package files

import (
	"encoding/xml"

	"github.com/labstack/echo/v4"

	"baas/server/reply"
)

// failure is the answer that server SDKs read: all four children must be there
// and hold something (tcb-wire-protocol.md 8.2).
type failure struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string   `xml:"Code"`
	Message   string   `xml:"Message"`
	RequestID string   `xml:"RequestId"`
	TraceID   string   `xml:"TraceId"`
}

// fail answers an error. Uploads and downloads fail alike.
func (d *door) fail(c echo.Context, err error) error {
	public := reply.Explain(c.Request().Context(), d.log, err)
	id := reply.ID(c.Request().Context())
	body, err := xml.Marshal(failure{Code: string(public.Code), Message: public.Text, RequestID: id, TraceID: id})
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "no-store")
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	return c.Blob(reply.Status(public.Code), echo.MIMEApplicationXMLCharsetUTF8, append([]byte(xml.Header), body...))
}
