/** Why Azure does not delete a resource: another one, not about to go with it, needs it. */
import type { Refusal } from "./refusal.ts";
import { ADDRESS, NIC, nameOf, RULES } from "./world.ts";

/** The refusal to delete what another resource uses. */
export function inUse(type: string, id: string, user: string): Refusal {
  switch (type) {
    case ADDRESS:
      return {
        path: "",
        code: "PublicIPAddressCannotBeDeleted",
        message: `Public IP address ${id} can not be deleted since it is still allocated to resource ${user}. In order to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, see aka.ms/deletepublicip.`,
      };
    case NIC:
      return {
        path: "",
        code: "NicInUse",
        message: `Network Interface ${id} is used by existing resource ${user}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.`,
      };
    case RULES:
      return {
        path: "",
        code: "InUseNetworkSecurityGroupCannotBeDeleted",
        message: `Network security group ${id} cannot be deleted because it is in use by the following resources: ${user}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.`,
      };
    default:
      return {
        path: "",
        code: "InUseSubnetCannotBeDeleted",
        message: `Subnet ${nameOf(id)} is in use by ${user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
      };
  }
}
