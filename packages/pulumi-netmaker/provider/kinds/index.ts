/** Every kind of resource, by its type's name. */
import type { AnyKind } from "../kind.ts";
import { aclRule } from "./acl-rule.ts";
import { dnsRecord } from "./dns-record.ts";
import { egress } from "./egress.ts";
import { enrollmentKey } from "./enrollment-key.ts";
import { externalClient } from "./external-client.ts";
import { gateway } from "./gateway.ts";
import { host } from "./host.ts";
import { network } from "./network.ts";
import { superAdmin } from "./super-admin.ts";

/** A kind's own inputs are parsed before it gets them: what the provider hands on has their type. */
export const KINDS: Readonly<Record<string, AnyKind>> = {
  AclRule: aclRule as unknown as AnyKind,
  DnsRecord: dnsRecord as unknown as AnyKind,
  Egress: egress as unknown as AnyKind,
  EnrollmentKey: enrollmentKey as unknown as AnyKind,
  ExternalClient: externalClient as unknown as AnyKind,
  Gateway: gateway as unknown as AnyKind,
  Host: host as unknown as AnyKind,
  Network: network as unknown as AnyKind,
  SuperAdmin: superAdmin as unknown as AnyKind,
};
