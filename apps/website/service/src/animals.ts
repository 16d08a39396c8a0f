/** The animals' faces, drawn here so that the page needs no picture from anywhere. */
import { ANSWERS, type Answer } from "./poll.ts";

/** Faces on a field of 32 by 32; `ink` is what is drawn upon the face. */
const FACES: Readonly<Record<Answer, { readonly face: string; readonly ink: string }>> = {
  dog: {
    face: `<path d="M8 8c2-3 14-3 16 0 3 5 2 19-8 19S5 13 8 8z"/>
<path class="shade" d="M9 6C4 5 1 11 3 18c1 3 4 3 5 0zM23 6c5-1 8 5 6 12-1 3-4 3-5 0z"/>`,
    ink: `<circle cx="12.5" cy="14" r="1.5"/><circle cx="19.5" cy="14" r="1.5"/>
<path d="M13 19h6c0 2-2 3-3 3s-3-1-3-3z"/>`,
  },
  cat: {
    face: `<path d="M5 4l7 5c3-1 5-1 8 0l7-5c1 4 2 9 1 13-1 7-6 11-12 11S5 24 4 17C3 13 4 8 5 4z"/>`,
    ink: `<circle cx="11.5" cy="16" r="1.5"/><circle cx="20.5" cy="16" r="1.5"/>
<path d="M14 20h4l-2 2zM2 19l6 1v.8L2 20.5zM30 19l-6 1v.8l6-.3z"/>`,
  },
  horse: {
    face: `<path d="M10 3l3 4h6l3-4c2 3 2 5 1 8l-2 9c1 5-1 9-5 9s-6-4-5-9l-2-9c-1-3-1-5 1-8z"/>
<path class="shade" d="M13 5c2-3 4-3 6 0l-2 9h-2z"/>`,
    ink: `<circle cx="12" cy="14" r="1.4"/><circle cx="20" cy="14" r="1.4"/>
<circle cx="14" cy="24" r="1"/><circle cx="18" cy="24" r="1"/>`,
  },
  hamster: {
    face: `<circle class="shade" cx="7.5" cy="9" r="4.5"/><circle class="shade" cx="24.5" cy="9" r="4.5"/>
<path d="M16 5c7 0 13 6 13 13s-6 10-13 10S3 25 3 18 9 5 16 5z"/>`,
    ink: `<circle cx="11" cy="15" r="1.6"/><circle cx="21" cy="15" r="1.6"/>
<ellipse cx="16" cy="19" rx="1.8" ry="1.2"/><path d="M14.5 21h1.3v3h-1.3zM16.2 21h1.3v3h-1.3z"/>`,
  },
};

/** A hidden drawing that holds each face as the symbol `animal-<answer>`. */
export function animalSymbols(): string {
  const symbols = (Object.keys(ANSWERS) as Answer[]).map(
    (answer) => `<symbol id="animal-${answer}" viewBox="0 0 32 32">
<g class="face">${FACES[answer].face}</g><g class="ink">${FACES[answer].ink}</g></symbol>`,
  );
  return `<svg class="symbols" aria-hidden="true">${symbols.join("")}</svg>`;
}
