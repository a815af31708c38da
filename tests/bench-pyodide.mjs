// Runs one Python script in a new Pyodide, as `python SCRIPT` does.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const python = await loadPyodide({ stdout: (line) => console.log(line) });
python.runPython(readFileSync(process.argv[2], "utf8"));
