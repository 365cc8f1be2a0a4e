#!/usr/bin/env node
// The command line of the Solidity compiler over npm's wasm build (py-solc-x, ape, forge and slither call it).
// Answers `--version`; otherwise compiles standard JSON from stdin, resolving imports under --base-path.
const fs = require("fs");
const path = require("path");

const argument = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};

const version = process.argv.includes("--version");
const input = version ? "" : fs.readFileSync(0, "utf8");
// One verifier is compiled before machine code that runs faster would be ready: half of the time went into making it.
if (input.length < 150_000) require("v8").setFlagsFromString("--liftoff-only");
const solc = require("solc");

if (version) {
  console.log("solc, the solidity compiler commandline interface\nVersion: " + solc.version());
} else {
  const base = argument("--base-path", ".");
  const readImport = (name) => {
    try {
      return { contents: fs.readFileSync(path.resolve(base, name), "utf8") };
    } catch (error) {
      return { error: error.message };
    }
  };
  process.stdout.write(solc.compile(input, { import: readImport }));
}
