/** How settings name a container image: never by a tag alone, which may come to mean another one. */
import { z } from "zod";

/** Registry, repository, perhaps a tag for the reader, and the digest that is pulled. */
export const image = z
  .string()
  .regex(/^[a-z0-9.:-]+\/[a-z0-9._/-]+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/, {
    error:
      "must name an image by registry, repository and digest|write it like docker.io/library/postgres:17@sha256:…",
  });
