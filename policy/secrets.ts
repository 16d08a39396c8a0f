/** The policy of secrets: they stand where Pulumi encrypts them and nowhere else. */
import type { Declared, Policy } from "./policy.ts";
import { listAt, textAt, textsIn } from "./values.ts";
import { containersOf, podOf } from "./pod.ts";

/** Texts that are a secret wherever they stand. */
const SHAPES: readonly (readonly [string, RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a K3s token", /\bK10[0-9a-f]{2,}::[\w-]+:\S+/],
  ["a token of Azure's or GitHub's", /\b(gh[pousr]_[A-Za-z0-9]{36}|AccountKey=[A-Za-z0-9+/=]{40})/],
  ["client keys of a kubeconfig", /client-key-data: *[A-Za-z0-9+/=]{40}/],
  ["a WireGuard private key", /\b(PrivateKey|JOIN_KEY) *= *'?[A-Za-z0-9+/]{42}[A-Za-z0-9+/=]{2}/],
  ["a login to a registry", /\bauth: *\n +password: *\S|"auths" *: *\{ *"[^"]+" *: *\{ *"/],
];

/** Names that announce a secret; what they hold must come from a Secret. */
const NAME = /(password|passwd|secret|token|api_?key|private_?key|credential)s?$/i;

/**
 * Inputs that are meant for secrets. Pulumi encrypts them in its state when the program marks them,
 * which the plan can see (a marked value is sealed) and the engine's policies cannot.
 */
const MEANT: readonly (readonly [RegExp, RegExp])[] = [
  [/^kubernetes:core\/v1:Secret$/, /^(data|stringData)\./],
  [/^command:(remote|local):/, /^(stdin|environment\..*|connection(\..*)?)$/],
  [/^pulumi:providers:/, /./],
  [/:compute:VirtualMachineExtension$/, /^protectedSettings/],
];

export const noPlainSecret: Policy = {
  name: "no-plain-secret",
  description: "No private key, token or password stands in an input that is not meant for one.",
  check: (resource) => [...shapes(resource), ...environment(resource), ...configMaps(resource)],
};

/** As `noPlainSecret`, for inputs in which marked secrets are sealed. */
export const secretsAreMarked: Policy = {
  name: "secrets-are-marked",
  description: "Secrets in inputs that are meant for them are marked, so that state encrypts them.",
  check: (resource) =>
    textsIn(resource.inputs)
      .filter(({ path }) => isMeant(resource, path))
      .flatMap(({ path, text }) => [
        ...shapesIn(text).map(
          (shape) => `${path} holds ${shape} unmarked; wrap it in pulumi.secret`,
        ),
        ...(resource.type === "kubernetes:core/v1:Secret" && !SEALED.test(text)
          ? [`${path} is not marked as a secret; wrap it in pulumi.secret`]
          : []),
      ]),
};

const SEALED = /^(\[secret:[0-9a-f]+\])+$/;

function shapes(resource: Declared): string[] {
  return textsIn(resource.inputs)
    .filter(({ path }) => !isMeant(resource, path))
    .flatMap(({ path, text }) =>
      shapesIn(text).map((shape) => `${path} holds ${shape}; pass it by stdin or in a Secret`),
    );
}

function shapesIn(text: string): string[] {
  return SHAPES.filter(([, shape]) => shape.test(text)).map(([what]) => what);
}

function isMeant({ type }: Declared, path: string): boolean {
  return MEANT.some(([types, paths]) => types.test(type) && paths.test(path));
}

function environment(resource: Declared): string[] {
  return containersOf(podOf(resource)).flatMap((container) =>
    listAt(container, "env").flatMap((variable) => {
      const name = textAt(variable, "name") ?? "";
      const value = textAt(variable, "value") ?? "";
      return NAME.test(name) && value !== ""
        ? [`environment variable ${name} has its value written out; use valueFrom.secretKeyRef`]
        : [];
    }),
  );
}

function configMaps({ type, inputs }: Declared): string[] {
  return type === "kubernetes:core/v1:ConfigMap"
    ? Object.keys((inputs["data"] as object | undefined) ?? {})
        .filter((key) => NAME.test(key))
        .map((key) => `data.${key} looks like a secret; a ConfigMap is readable, use a Secret`)
    : [];
}
