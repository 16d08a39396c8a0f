/** What a program declares of a Netmaker server. */
export { AclRule, type AclRuleArgs } from "./acl-rule.ts";
export { DnsRecord, type DnsRecordArgs } from "./dns-record.ts";
export { Egress, type EgressArgs } from "./egress.ts";
export { EnrollmentKey, type EnrollmentKeyArgs } from "./enrollment-key.ts";
export { ExternalClient, type ExternalClientArgs } from "./external-client.ts";
export { Gateway, type GatewayArgs } from "./gateway.ts";
export { Host, type HostArgs } from "./host.ts";
export { Network, type NetworkArgs } from "./network.ts";
export { Provider, type ProviderArgs } from "./provider.ts";
export { SuperAdmin, type SuperAdminArgs } from "./super-admin.ts";
