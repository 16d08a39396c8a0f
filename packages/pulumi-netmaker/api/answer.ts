/** Readers of answers: the API wraps some in `{Code, Message, Response}` and sends others bare. */
import { z } from "zod";

/** Turns an answer's body into a value, or throws an error that says what is wrong with it. */
export type Reader<T> = (body: string) => T;

/** models.SuccessResponse and models.ErrorResponse (models/structs.go). */
const envelope = z.object({
  Code: z.number(),
  Message: z.string(),
  Response: z.unknown().optional(),
});

/** JSON without the wrapping. */
export function bare<T>(schema: z.ZodType<T>): Reader<T> {
  return (body) => check(schema, parse(body));
}

/** What `Response` of a wrapped answer holds. */
export function wrapped<T>(schema: z.ZodType<T>): Reader<T> {
  return (body) => check(schema, check(envelope, parse(body)).Response, "Response");
}

/** A list; the API writes an empty one as `[]` or, where Go's slice was never made, as `null`. */
export function list<T>(member: z.ZodType<T>): z.ZodType<T[]> {
  return z
    .array(member)
    .nullish()
    .transform((members) => members ?? []);
}

/** Nothing of interest: the status says it all. */
export const nothing: Reader<void> = () => undefined;

/** The body as text. */
export const text: Reader<string> = (body) => body;

/** The message of an error's body; undefined where it is not one of the API's. */
export function errorMessage(body: string): string | undefined {
  try {
    return envelope.parse(JSON.parse(body)).Message;
  } catch {
    return undefined;
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(body === "" ? "the answer is empty" : "the answer is not JSON");
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, at = "the answer"): T {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  // Paths and rules only: the values may be secret.
  const problems = result.error.issues.map(
    (issue) => `${[at, ...issue.path].map(String).join(".")}: ${issue.message}`,
  );
  throw new Error(`not what the API promises: ${problems.slice(0, 5).join("; ")}`);
}
