import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/dist/"] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: "module",
      globals: { ...globals.browser, ...globals.node, ...globals.worker },
    },
    rules: {
      camelcase: ["error", { properties: "never", ignoreDestructuring: false }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "max-lines": ["error", 350],
      "max-len": ["error", { code: 140 }],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text may hold markup: use textContent." },
      ],
    },
  },
  { files: ["tests/**"], rules: { "max-lines": "off" } },
  { files: ["web/**", "convert/**"], rules: { "max-lines-per-function": ["error", { max: 45, skipComments: true }] } },
];
