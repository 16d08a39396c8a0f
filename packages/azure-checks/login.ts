/** Rules of who administers a virtual machine, and how they log in. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import { RESERVED_NAMES } from "./administrators.ts";
import { required, type Refusal } from "./refusal.ts";
import { at, listAt, missing, textAt } from "./values.ts";
import type { Resource } from "./world.ts";

/** Passwords that Azure knows too well (virtual machine FAQ). */
const KNOWN_PASSWORDS = new Set(
  "abc@123 P@$$w0rd P@ssw0rd P@ssword123 Pa$$word pass@word1 Password! Password1 Password22 iloveyou!".split(
    " ",
  ),
);
const LONGEST_CUSTOM_DATA = 87_380;
const LONGEST_USER = 64;
const NOT_IN_USER = /[\\/"[\]:|<>+=;,?*@#()!\s]/;

/** The profile of the operating system: host name, administrator, key or password. */
export function checkLogin({ inputs }: Resource): Refusal[] {
  const attached = textAt(inputs, "storageProfile.osDisk.createOption")?.toLowerCase() === "attach";
  if (attached || at(inputs, "osProfile") === UNKNOWN) {
    return [];
  }
  if (missing(inputs, "osProfile")) {
    return [required("osProfile")];
  }
  const profile = inputs["osProfile"];
  return [
    ...["computerName", "adminUsername"]
      .filter((key) => missing(profile, key))
      .map((key) => required(`osProfile.${key}`)),
    ...checkHost(textAt(profile, "computerName")),
    ...checkUser(textAt(profile, "adminUsername")),
    ...checkWay(profile),
    ...checkPassword(textAt(profile, "adminPassword")),
    ...checkKeys(profile),
    ...checkCustomData(textAt(profile, "customData")),
  ];
}

/** What a Linux host name may not hold. */
const NOT_IN_HOST = /[`~!@#$%^&*()=+_[\]{}\\|;:'",<>/?\s]/;

function checkHost(name: string | undefined): Refusal[] {
  if (name === undefined) {
    return [];
  }
  const wrong = name.length > 64 || NOT_IN_HOST.test(name) || /^-|[-.]$/.test(name);
  const message =
    "Linux host name cannot exceed 64 characters in length or contain the following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : ' \" , < > / ?.";
  return wrong ? [{ path: "osProfile.computerName", code: "InvalidParameter", message }] : [];
}

function checkUser(name: string | undefined): Refusal[] {
  const path = "osProfile.adminUsername";
  if (name === undefined) {
    return [];
  }
  if (RESERVED_NAMES.has(name.toLowerCase())) {
    const message =
      "The Admin Username specified is not allowed. For more information about disallowed usernames, see https://aka.ms/vmosprofile";
    return [{ path, code: "InvalidParameter", message }];
  }
  const wrong = name.length > LONGEST_USER || NOT_IN_USER.test(name) || /^[-$]|\.$/.test(name);
  const message = `The Admin Username specified is not valid: it has ${LONGEST_USER} characters at most and none of \\ / " [ ] : | < > + = ; , ? * @ # ( ) !, and neither begins with '-' or '$' nor ends with '.'.`;
  return wrong ? [{ path, code: "InvalidParameter", message }] : [];
}

/** Somebody must be able to log in. */
function checkWay(profile: unknown): Refusal[] {
  const linux = at(profile, "linuxConfiguration");
  if (linux === UNKNOWN || !missing(profile, "windowsConfiguration")) {
    return [];
  }
  const path = "osProfile.linuxConfiguration";
  const keys = at(linux, "ssh.publicKeys");
  const hasKey = keys === UNKNOWN || listAt(linux, "ssh.publicKeys").length > 0;
  const noPassword = at(linux, "disablePasswordAuthentication");
  if (noPassword === true && !missing(profile, "adminPassword")) {
    const message = "Parameter 'adminPassword' is not allowed.";
    return [{ path: "osProfile.adminPassword", code: "InvalidParameter", message }];
  }
  if (!hasKey && noPassword === true) {
    const message =
      "Authentication using either SSH or by user name and password must be enabled in Linux profile.";
    return [{ path, code: "InvalidParameter", message }];
  }
  return noPassword === UNKNOWN || noPassword === true || !missing(profile, "adminPassword")
    ? []
    : [required("osProfile.adminPassword")];
}

function checkPassword(password: string | undefined): Refusal[] {
  const path = "osProfile.adminPassword";
  if (password === undefined) {
    return [];
  }
  const kinds = [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password));
  const control = Array.from(password).some((character) => character < " ");
  if (password.length < 6 || password.length > 72 || kinds.length < 3 || control) {
    const message =
      "The supplied password must be between 6-72 characters long and must satisfy at least 3 of password complexity requirements from the following: 1) Contains an uppercase character 2) Contains a lowercase character 3) Contains a numeric digit 4) Contains a special character 5) Control characters are not allowed";
    return [{ path, code: "InvalidParameter", message }];
  }
  const message = "The specified password is not allowed: it is one of the most common ones.";
  return KNOWN_PASSWORDS.has(password) ? [{ path, code: "InvalidParameter", message }] : [];
}

/** Keys are RSA of 2048 bits or more, or Ed25519, and belong to the administrator. */
function checkKeys(profile: unknown): Refusal[] {
  const user = textAt(profile, "adminUsername");
  return listAt(profile, "linuxConfiguration.ssh.publicKeys").flatMap((key, n) => {
    const path = `osProfile.linuxConfiguration.ssh.publicKeys[${n}]`;
    const refusals: Refusal[] = [];
    const data = textAt(key, "keyData");
    const folder = textAt(key, "path");
    const wanted = `/home/${user ?? ""}/.ssh/authorized_keys`;
    if (missing(key, "keyData")) {
      refusals.push(required(`${path}.keyData`));
    } else if (data !== undefined && !isKey(data)) {
      const message = `The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid. It is an SSH public key: 'ssh-rsa' of 2048 bits or more, or 'ssh-ed25519'.`;
      refusals.push({ path: `${path}.keyData`, code: "InvalidParameter", message });
    }
    if (missing(key, "path") || (user !== undefined && folder !== undefined && folder !== wanted)) {
      const message = `Destination path for SSH public keys is currently limited to its default value ${wanted} due to a known issue in Linux provisioning agent.`;
      refusals.push({ path: `${path}.path`, code: "InvalidParameter", message });
    }
    return refusals;
  });
}

/** Bytes of an RSA key of 2048 bits in its wire form. */
const SHORTEST_RSA = 270;

function isKey(text: string): boolean {
  const [kind, data = ""] = text.trim().split(/\s+/);
  if (kind === "ssh-rsa") {
    return Buffer.from(data, "base64").length >= SHORTEST_RSA;
  }
  return kind === "ssh-ed25519" && data !== "";
}

function checkCustomData(data: string | undefined): Refusal[] {
  const message = `Custom data in OSProfile must be in Base64 encoding and with a maximum length of ${LONGEST_CUSTOM_DATA} characters.`;
  return data === undefined ||
    (data.length <= LONGEST_CUSTOM_DATA &&
      /^[A-Za-z0-9+/]*={0,2}$/.test(data) &&
      data.length % 4 === 0)
    ? []
    : [{ path: "osProfile.customData", code: "InvalidParameter", message }];
}
