package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func newDBValidate(sh *shell) *cobra.Command {
	var schema string
	var off bool
	c := &cobra.Command{
		Use: "validate COLLECTION", Short: "Hold a collection's documents against a JSON Schema, set the schema, or lift it",
		Long: `Without flags: look at every document and list those that the collection's
schema does not admit. The exit status is 1 when there are any.

  --schema FILE  make this JSON Schema (MongoDB's $jsonSchema) the rule for every
                 document that is written from now on, and list what is there and
                 breaks it; nothing is changed
  --off          lift the rule`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if off && schema != "" {
				return &usageError{errors.New("give --schema or --off, not both")}
			}
			return sh.ask(c.Context(), func(t *target) error { return sh.validate(c, t, args[0], schema, off) })
		},
	}
	c.Flags().StringVar(&schema, "schema", "", "file with the JSON Schema")
	c.Flags().BoolVar(&off, "off", false, "lift the rule")
	return c
}

func (sh *shell) validate(c *cobra.Command, t *target, name, schema string, off bool) error {
	set := map[string]any{"schema": nil}
	if schema != "" {
		text, err := os.ReadFile(schema)
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			return fmt.Errorf("%s is not valid JSON", schema)
		}
		set["schema"] = json.RawMessage(text)
	}
	if schema != "" || off {
		if err := t.post(c.Context(), sh.collectionPath(name, "/validator"), set, nil); err != nil {
			return err
		}
	}
	if off {
		return sh.print(map[string]any{"collection": name, "schema": nil}, func(w io.Writer) { fmt.Fprintf(w, "%s takes any document\n", name) })
	}
	var res struct {
		Documents int64 `json:"documents"`
		Failed    int64 `json:"failed"`
		First     []struct {
			ID   json.RawMessage `json:"id"`
			Path string          `json:"path"`
			Text string          `json:"text"`
		} `json:"first"`
	}
	if err := t.post(c.Context(), sh.collectionPath(name, "/validator/check"), struct{}{}, &res); err != nil {
		return err
	}
	err := sh.print(res, func(w io.Writer) {
		for _, v := range res.First {
			fmt.Fprintf(w, "%s  %s\n", readable(v.ID), v.Text)
		}
		fmt.Fprintf(w, "%d of %d documents break the schema\n", res.Failed, res.Documents)
	})
	if err == nil && res.Failed > 0 && schema == "" {
		return errTold
	}
	return err
}
