/** Errors with which the stand-in refuses a request. */
import { describeRefusal, type Refusal } from "@fogline/azure-checks/refusal";

/** An error as the Azure SDK shows it. */
export class AzureError extends Error {
  readonly code: string;

  /** @param refusals at least one; Azure names the first alone */
  constructor(...refusals: readonly Pick<Refusal, "code" | "message">[]) {
    super(refusals.map((each) => describeRefusal({ path: "", ...each })).join("\n"));
    this.name = "AzureError";
    this.code = refusals[0]?.code ?? "";
  }
}
