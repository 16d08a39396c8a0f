/** What users of the library import. */
export {
  namesDevice,
  type AclEnd,
  type AclProtocol,
  type AclRule,
  type AclRuleArgs,
} from "./acl-rules.ts";
export { NetmakerClient, type ClientOptions } from "./client.ts";
export type { DnsRecord, DnsRecordArgs } from "./dns-records.ts";
export type { Egress, EgressArgs } from "./egresses.ts";
export type {
  EnrollmentKey,
  EnrollmentKeyArgs,
  EnrollmentKeyUpdate,
  KeyLimit,
} from "./enrollment-keys.ts";
export { NetmakerError, type FailureKind } from "./error.ts";
export type {
  ExternalClient,
  ExternalClientArgs,
  ExternalClientUpdate,
} from "./external-clients.ts";
export type { Gateway, GatewayArgs } from "./gateways.ts";
export type { Host, HostUpdate } from "./hosts.ts";
export type { Network, NetworkArgs, NetworkUpdate } from "./networks.ts";
export type { Node } from "./nodes.ts";
export type { RetryPolicy } from "./retry.ts";
export type { ServerSettings, ServerStatus, ServerUsage, SuperAdmin } from "./server.ts";
export type { Credentials } from "./session.ts";
