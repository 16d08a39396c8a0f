import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import { ownFolder } from "../lab/testing/folder.ts";
import { COLUMNS, parseVisits, readVisits } from "./visits.ts";

const ID = "3b241101-e2bb-4255-8caf-4136c566a962";
const VISIT = "0.000012,0.004512,200,,GET,,website-dep-1,raspberrypi";
const VOTE = `0.025000,0.009000,201,,POST,${ID},website-dep-2,workernode`;
const NO_ANSWER = "0.050000,30.000100,0,timeout,GET,,,";
const PAGE = [COLUMNS, VISIT, VOTE, NO_ANSWER];

/** The error of lines that are no file of visits. */
async function refused(...lines: readonly string[]): Promise<string> {
  return parseVisits(lines, "visits.csv").then(
    () => "nothing was refused",
    (error: unknown) => (error as Error).message,
  );
}

describe("rows of requests", () => {
  it("are read with their numbers", async () => {
    expect(await parseVisits(PAGE, "visits.csv")).toEqual([
      {
        ...{ at: 0.000012, latency: 0.004512, status: 200, error: "", method: "GET", id: "" },
        ...{ pod: "website-dep-1", node: "raspberrypi" },
      },
      {
        ...{ at: 0.025, latency: 0.009, status: 201, error: "", method: "POST", id: ID },
        ...{ pod: "website-dep-2", node: "workernode" },
      },
      {
        ...{ at: 0.05, latency: 30.0001, status: 0, error: "timeout", method: "GET", id: "" },
        ...{ pod: "", node: "" },
      },
    ]);
  });

  it("may be none", async () => {
    expect(await parseVisits([COLUMNS], "visits.csv")).toEqual([]);
  });

  it.each([
    ["0.1,0.2,200,,GET,,a,b", "seconds with 6 decimals, not 0.1 and 0.2"],
    ["NaN,0.000001,200,,GET,,a,b", "seconds with 6 decimals, not NaN and 0.000001"],
    ["-1.000000,0.000001,200,,GET,,a,b", "seconds with 6 decimals"],
    ["0.000001,0.000001,20,,GET,,a,b", "status must be 0 or have three digits, not 20"],
    ["0.000001,0.000001,0,,GET,,,", "error must say why status is 0"],
    ["0.000001,0.000001,200,timeout,GET,,a,b", "empty otherwise; status is 200"],
    ["0.000001,0.000001,0,timeout,GET,,a,", "pod and node must be empty"],
    ["0.000001,0.000001,200,,HEAD,,a,b", "method must be GET or POST, not HEAD"],
    ["0.000001,0.000001,201,,POST,,a,b", "id must be a UUID of a vote"],
    [`0.000001,0.000001,200,,GET,${ID},a,b`, "empty for a visit; the method is GET"],
    ['0.000001,0.000001,200,,GET,,"a",b', "no quotation marks"],
    ["0.000001,0.0000", "8 fields, not 2: it may have been cut short"],
    ["", "8 fields, not 1"],
    [`${VISIT},more`, "8 fields, not 9"],
  ])("like %s are refused", async (row, fault) => {
    const message = await refused(COLUMNS, VISIT, row);
    expect(message).toContain("visits.csv, line 3: ");
    expect(message).toContain(fault);
  });

  it("are refused without the names of columns", async () => {
    expect(await refused(VISIT)).toContain("visits.csv, line 1: must be the names of the columns");
    expect(await refused()).toContain("the file is empty");
  });

  it("that are refused are named together, the first ten of many", async () => {
    const message = await refused(COLUMNS, ...Array.from({ length: 12 }, () => "x"));
    expect(message.split("\n")).toHaveLength(12);
    expect(message).toContain("line 11: ");
    expect(message).not.toContain("line 12: ");
    expect(message).toContain("and 2 lines more\nfix: ");
  });
});

describe("a file of visits", () => {
  it("is read as it is, and packed by gzip", async () => {
    const folder = ownFolder();
    const text = `${PAGE.join("\n")}\n`;
    writeFileSync(join(folder, "visits.csv"), text);
    writeFileSync(join(folder, "visits.csv.gz"), gzipSync(text));
    const visits = await readVisits(join(folder, "visits.csv"));
    expect(visits).toHaveLength(3);
    expect(await readVisits(join(folder, "visits.csv.gz"))).toEqual(visits);
  });

  it("that is not there, or cut short by gzip's measure, is an error of its own", async () => {
    const folder = ownFolder();
    await expect(readVisits(join(folder, "visits.csv"))).rejects.toThrow("ENOENT");
    await expect(readVisits(join(folder, "visits.csv.gz"))).rejects.toThrow("ENOENT");
    const packed = gzipSync(`${PAGE.join("\n")}\n`);
    writeFileSync(join(folder, "visits.csv.gz"), packed.subarray(0, packed.length - 9));
    await expect(readVisits(join(folder, "visits.csv.gz"))).rejects.toThrow("unexpected end");
  });
});
