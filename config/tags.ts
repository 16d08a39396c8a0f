/** Tags of what is made in the cloud, and their limits: pure. */

/** Most tags of a resource in Azure. */
const AZURE_TAGS = 50;
/** Characters of a tag's name, and of its value, in Azure. */
export const TAG_NAME_LENGTH = 512;
export const TAG_VALUE_LENGTH = 256;

/** Tags of the program's own, by which the bill says whose a resource is. */
const OWN = ["project", "stack"] as const;

/** Most tags that settings may name. */
export const MOST_TAGS = AZURE_TAGS - OWN.length;

/** Names that Azure keeps for itself, and the program's own. */
export const RESERVED_TAGS = new RegExp(`^(microsoft|azure|windows)|^(${OWN.join("|")})$`, "i");

/** Tags of a stack's resources: those of its settings and the program's own, which settings cannot set. */
export function tagsOf(
  given: Readonly<Record<string, string>>,
  own: Readonly<Record<(typeof OWN)[number], string>>,
): Readonly<Record<string, string>> {
  return { ...given, ...own };
}
