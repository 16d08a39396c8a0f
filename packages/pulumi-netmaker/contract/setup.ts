/** Before the first test: the server answers and has its first user. */
import { NetmakerClient } from "../api/index.ts";
import { readTarget } from "./target.ts";

export default async function setup(): Promise<void> {
  const { url, ca, credentials, user } = readTarget(process.env);
  const { server } = new NetmakerClient({ url, ca, credentials });
  const { version } = await server.status();
  console.log(`contract of ${url}, which says it is Netmaker ${version}`);
  if (user !== undefined && !(await server.hasSuperAdmin())) {
    await server.createSuperAdmin(user);
  }
}
