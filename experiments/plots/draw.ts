/** Vega's specifications as SVG files: without a browser, and the same on every computer. */
import { parse, View, type Spec } from "vega";

/** A picture, and what is said of it to who does not see it. */
export interface Picture {
  readonly spec: Spec;
  readonly title: string;
  /** What it shows, with its numbers, in sentences. */
  readonly description: string;
}

/**
 * The picture as an SVG file. Vega measures text where a canvas is there and estimates it otherwise, so a
 * specification places everything itself, for its result not to depend on that.
 */
export async function draw({ spec, title, description }: Picture): Promise<string> {
  const view = new View(parse(spec), { renderer: "none" });
  try {
    const svg = await view.toSVG();
    return `${rounded(named(svg, title, description))}\n`;
  } finally {
    view.finalize();
  }
}

/** With the elements that screen readers read (SVG Accessibility API Mappings, W3C). */
function named(svg: string, title: string, description: string): string {
  const texts =
    `<title id="title">${escaped(title)}</title>` +
    `<desc id="description">${escaped(description)}</desc>`;
  return svg.replace(
    /^<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg role="img" aria-labelledby="title description" ${attributes}>${texts}`,
  );
}

/** Coordinates with two decimals: a hundredth of a pixel is seen by nobody, and the last digits are noise. */
function rounded(svg: string): string {
  return svg.replaceAll(/<[^>]+>/g, (tag) =>
    tag.replaceAll(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (digits) =>
      String(Number(Number(digits).toFixed(2)) + 0),
    ),
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
