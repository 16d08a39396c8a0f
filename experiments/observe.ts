/** What the cluster makes of a fault, and when: watches of its API, turned into marks. */
import { setTimeout as pause } from "node:timers/promises";

import type { Mark, Observed } from "./model.ts";
import type { Following, Site } from "./site.ts";

const NAMESPACE = ["--namespace=website"];
const SERVICE = "--selector=kubernetes.io/service-name=website-serv";
/** Pause before a watch that ended is begun anew, milliseconds. */
const AGAIN_MS = 200;

/** Fields of each watch, separated by spaces; a field without a value is empty. */
const NODE = `{.type} {.object.metadata.name} {.object.status.conditions[?(@.type=="Ready")].status}{"\\n"}`;
const POD = `{.type} {.object.metadata.name} {.object.spec.nodeName} {.object.status.conditions[?(@.type=="Ready")].status} {.object.metadata.deletionTimestamp}{"\\n"}`;
const SLICE = `{.type} {.object.metadata.name}{range .object.endpoints[*]} {.nodeName}={.conditions.ready}{end}{"\\n"}`;

/** The state of the cluster as far as marks depend on it, and the marks that follow from its changes. */
export class Observer {
  readonly marks: Mark[] = [];
  readonly #seen = new Set<Observed>();
  readonly #nodes = new Map<string, boolean>();
  readonly #pods = new Map<string, { readonly node: string; readonly ready: boolean }>();
  readonly #slices = new Map<string, readonly string[]>();
  #fault: { readonly subject: string; readonly wanted: number } | undefined;
  #isRecovered = false;
  #wasShort = false;

  /** A fault is in force at a node, or at an app. */
  inject(at: number, subject: string): void {
    const wanted = this.#readyPods().length;
    this.#fault = { subject, wanted };
    this.#isRecovered = false;
    this.#wasShort = false;
    this.#seen.clear();
    this.marks.push({ at, what: "inject", subject });
    this.#look(at);
  }

  /** The fault is undone. */
  recover(at: number, subject: string): void {
    this.#isRecovered = true;
    this.marks.push({ at, what: "recover", subject });
    this.#look(at);
  }

  /** Takes one line of the watch of nodes. */
  node(at: number, line: string): void {
    const [, name = "", ready] = line.split(" ");
    this.#nodes.set(name, ready === "True");
    this.#look(at);
  }

  /** Takes one line of the watch of the website's pods. */
  pod(at: number, line: string): void {
    const [type, name = "", node = "", ready, deleted = ""] = line.split(" ");
    if (type === "DELETED") {
      this.#pods.delete(name);
    } else {
      this.#pods.set(name, { node, ready: ready === "True" && deleted === "" });
    }
    this.#look(at);
  }

  /** Takes one line of the watch of the website's EndpointSlices. */
  slice(at: number, line: string): void {
    const [type, name = "", ...endpoints] = line.split(" ");
    const nodes = endpoints
      .map((endpoint) => endpoint.split("="))
      .flatMap(([node = "", ready]) => (ready === "true" ? [node] : []));
    this.#slices.set(name, type === "DELETED" ? [] : nodes);
    this.#look(at);
  }

  #readyPods(): readonly { readonly node: string }[] {
    return [...this.#pods.values()].filter(({ ready }) => ready);
  }

  #look(at: number): void {
    if (this.#fault === undefined) {
      return;
    }
    const { subject, wanted } = this.#fault;
    const endpoints = [...this.#slices.values()].flat();
    const ready = this.#readyPods();
    const isNode = this.#nodes.has(subject);
    const elsewhere = ready.filter(({ node }) => !isNode || node !== subject).length;
    const here = ready.length - elsewhere;
    this.#mark(at, "endpoints-dropped", isNode && !endpoints.includes(subject));
    this.#wasShort ||= elsewhere < wanted;
    this.#mark(at, "replacement-ready", this.#wasShort && elsewhere >= wanted);
    this.#mark(at, "node-not-ready", isNode && this.#nodes.get(subject) === false);
    const isBack = isNode && this.#isRecovered && this.#nodes.get(subject) === true;
    this.#mark(at, "node-ready", isBack);
    this.#mark(at, "even-again", isBack && Math.abs(here - elsewhere) <= 1);
  }

  #mark(at: number, what: Observed, holds: boolean): void {
    if (holds && !this.#seen.has(what)) {
      this.#seen.add(what);
      this.marks.push({ at, what, subject: this.#fault?.subject ?? "" });
    }
  }
}

/** A watch until it is disposed of; one that ends, as with the API's machine, is begun anew. */
export class Watch implements AsyncDisposable {
  /** It has said what is there, if anything is. */
  readonly begun: Promise<void>;
  readonly #done: Promise<void>;
  #following: Following | undefined;
  #isOver = false;

  /**
   * @param now the cell's clock, seconds
   * @param args of `kubectl get`, `--watch` or `--watch-only` among them
   * @param template of each line, by jsonpath
   * @param take given each line with its moment
   */
  constructor(
    site: Pick<Site, "watch">,
    now: () => number,
    args: readonly string[],
    template: string,
    take: (at: number, line: string) => void,
  ) {
    let begin = (): void => undefined;
    this.begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const isOver = (): boolean => this.#isOver;
    const follow = async (): Promise<void> => {
      while (!isOver()) {
        this.#following = site.watch(
          ...["get", ...args, "--output-watch-events"],
          `--output=jsonpath=${template}`,
        );
        for await (const line of this.#following.lines) {
          take(now(), line);
          begin();
        }
        if (!isOver()) {
          await pause(AGAIN_MS);
        }
      }
    };
    this.#done = follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#following?.[Symbol.asyncDispose]();
    await this.#done;
  }
}

/** Watches a site's cluster until it is disposed of. */
export class Watches implements AsyncDisposable {
  /** Each watch has said what is there. */
  readonly begun: Promise<unknown>;
  readonly #watches: readonly Watch[];

  /** @param now the cell's clock, seconds */
  constructor(site: Site, observer: Observer, now: () => number) {
    const website = "--selector=app=website";
    const watch = (
      args: readonly string[],
      template: string,
      take: (at: number, line: string) => void,
    ): Watch => new Watch(site, now, [...args, "--watch"], template, take);
    this.#watches = [
      watch(["nodes"], NODE, observer.node.bind(observer)),
      watch(["pods", ...NAMESPACE, website], POD, observer.pod.bind(observer)),
      watch(["endpointslices", ...NAMESPACE, SERVICE], SLICE, observer.slice.bind(observer)),
    ];
    this.begun = Promise.all(this.#watches.map(({ begun }) => begun));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch[Symbol.asyncDispose]()));
  }
}
