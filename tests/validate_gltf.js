// Prints the official validator's report on each GLB file named on the command line, as one JSON array.
"use strict";
const fs = require("fs");
const validator = require("gltf-validator");

async function main() {
  const reports = [];
  for (const path of process.argv.slice(2)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(path)), { maxIssues: 50 });
    reports.push(report.issues);
  }
  process.stdout.write(JSON.stringify(reports));
}

main().catch((error) => {
  process.stderr.write(String(error));
  process.exit(1);
});
