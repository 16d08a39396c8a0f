// The engine loads a policy pack with require(); the pack itself is TypeScript in ES modules.
module.exports = import("tsx/esm/api").then(({ register }) => {
  register();
  return import("./pack.ts");
});
