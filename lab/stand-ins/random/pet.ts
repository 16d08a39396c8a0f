/** Names that a person can say and remember. */
import { randomInt } from "node:crypto";

const ADVERBS =
  "barely boldly brightly calmly clearly closely deeply early easily evenly fairly firmly freely " +
  "gently gladly kindly largely lightly mildly neatly nicely openly partly plainly promptly " +
  "purely quickly quietly rarely readily simply slowly smoothly softly steadily surely swiftly " +
  "truly warmly wildly";
const ADJECTIVES =
  "able amber ample awake azure brave brief bright brisk calm clean clear clever cool crisp " +
  "curious deep eager early easy fair fast fine firm fond fresh gentle glad golden good grand " +
  "happy honest keen kind large light lively lucky mellow merry mild misty modest neat nimble " +
  "noble open patient plain polite proud quick quiet rapid ready robust round shy silent simple " +
  "sleek smart smooth soft solid steady sunny swift tidy tough vivid warm wide wise witty young";
const ANIMALS =
  "adder albatross alpaca badger bass bat bear beaver bison bobcat buzzard camel cod condor cougar " +
  "crab crane crow deer dingo dolphin donkey dove duck eagle eel egret elk falcon ferret finch " +
  "fox gecko gnu goat goose grouse gull hare hawk heron hippo horse ibex ibis iguana jackal jay " +
  "kiwi koala lark lemur lion lizard llama lynx magpie mole moose moth mule newt orca osprey " +
  "otter owl panda parrot perch pigeon pika pony puffin puma quail rabbit raven robin salmon seal " +
  "shark sheep shrew shrimp skunk sloth snail sparrow squid stork swan tapir tern thrush tiger " +
  "toad trout turtle viper vole walrus wasp weasel whale wolf wombat wren yak zebra";

/** A name of so many words: an animal, before it an adjective, before that adverbs. */
export function pet(words: number): string[] {
  return Array.from({ length: words }, (_, i) =>
    pick(i === words - 1 ? ANIMALS : i === words - 2 ? ADJECTIVES : ADVERBS),
  );
}

function pick(list: string): string {
  const words = list.split(" ");
  return words[randomInt(words.length)] ?? "";
}
