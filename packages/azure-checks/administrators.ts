/**
 * Names that Azure takes for no Linux machine's administrator.
 *
 * Source: Microsoft Learn, "Frequently asked questions about Linux Virtual Machines", username
 * requirements.
 */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(
  (
    "administrator admin user user1 user2 user3 user4 user5 test test1 test2 test3 admin1 admin2 " +
    "1 123 a actuser adm aspnet backup console david guest john owner root server sql support " +
    "support_388945a0 sys video"
  ).split(" "),
);
