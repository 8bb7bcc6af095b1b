package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newKey(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "key", Short: "Create, list and revoke an environment's keys"}
	sh.addTarget(c)
	c.AddCommand(newKeyCreate(sh), newKeyList(sh), newKeyRevoke(sh))
	return c
}

// createdKey is a new key. Its secret is shown this once.
type createdKey struct {
	ID        string `json:"id,omitempty"`
	SecretID  string `json:"secretId,omitempty"`
	SecretKey string `json:"secretKey,omitempty"`
	Key       string `json:"key,omitempty"`
}

func newKeyCreate(sh *shell) *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use: "create", Short: "Create a key; its secret is shown this once", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				var k createdKey
				if err := t.post(c.Context(), "/"+sh.env+"/keys", map[string]string{"kind": kind}, &k); err != nil {
					return err
				}
				return sh.print(k, func(w io.Writer) {
					if k.SecretID != "" {
						fmt.Fprintf(w, "secretId   %s\nsecretKey  %s\n", k.SecretID, k.SecretKey)
						return
					}
					fmt.Fprintf(w, "id   %s\nkey  %s\n", k.ID, k.Key)
				})
			})
		},
	}
	c.Flags().StringVar(&kind, "kind", "pair", "pair: admin key pair for server SDKs; api: admin Bearer key; publishable: key with anonymous rights")
	return c
}

func newKeyList(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the keys, without their secrets", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				var res struct {
					Keys []struct {
						ID      string `json:"id"`
						Kind    string `json:"kind"`
						Created string `json:"created"`
					} `json:"keys"`
				}
				if err := t.get(c.Context(), "/"+sh.env+"/keys", &res); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) {
					tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
					fmt.Fprintln(tw, "ID\tKIND\tCREATED")
					for _, k := range res.Keys {
						fmt.Fprintf(tw, "%s\t%s\t%s\n", k.ID, k.Kind, k.Created)
					}
					_ = tw.Flush() // a failed write to the terminal has nobody to hear of it
				})
			})
		},
	}
}

func newKeyRevoke(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke a key at once", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				path := "/" + sh.env + "/keys/" + url.PathEscape(args[0])
				if err := t.call(c.Context(), http.MethodDelete, path, nil, "", nil); err != nil {
					return err
				}
				return sh.print(map[string]any{"revoked": args[0]}, func(w io.Writer) { fmt.Fprintf(w, "revoked %s\n", args[0]) })
			})
		},
	}
}
