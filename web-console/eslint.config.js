import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";
import parser from "vue-eslint-parser";

// Code flows one way: lib ← features ← app. A feature imports its own folder
// ("./…") and lib ("../../lib/…"), nothing else of ours.
const direction = [
  {
    files: ["src/features/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^\\.\\./(?!\\.\\./lib/)", message: "a feature imports its own folder and lib only" }] },
      ],
    },
  },
  {
    files: ["src/lib/**"],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ regex: "^\\.\\./", message: "lib imports nothing above it" }] }],
    },
  },
];

export default ts.config(
  ts.configs.strictTypeChecked,
  vue.configs["flat/essential"],
  {
    files: ["src/**/*.{ts,vue}"],
    languageOptions: {
      parser,
      parserOptions: {
        parser: ts.parser,
        extraFileExtensions: [".vue"],
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: { "no-console": "error", "vue/no-v-html": "error", "vue/multi-word-component-names": "off" },
  },
  ...direction,
);
