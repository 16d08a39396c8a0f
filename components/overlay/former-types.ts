/** Type tokens that the overlay's component had in earlier releases, whichever kind it was of. */
export const FORMER_TYPES = [
  { type: "fogline:overlay:NetmakerOverlay" },
  { type: "fogline:overlay:WireguardOverlay" },
];
