// Whether what a lesson says is so. Pure, and the same as in scripts/lesson.jq.

import { at, fill } from "./paths.js";

/** What a condition may ask of the value at its path. Nothing is asked of what is not there. */
const QUESTIONS = {
  equals: (found, wanted) => JSON.stringify(found) === JSON.stringify(wanted),
  not: (found, wanted) => JSON.stringify(found) !== JSON.stringify(wanted),
  at_least: (found, wanted) => typeof found === "number" && found >= wanted,
  at_most: (found, wanted) => typeof found === "number" && found <= wanted,
  contains: (found, wanted) => typeof found === "string" && found.includes(String(wanted)),
};

const WORDS = { equals: "", not: "anything but ", at_least: "at least ", at_most: "at most ", contains: "something with " };

/** Each condition with whether it holds and, if not, what is missing. */
export function judge(conditions, memory) {
  return conditions.map((condition) => {
    const { say = condition.path, path, ...question } = condition;
    const [name, template] = Object.entries(question)[0];
    const found = at(memory, fill(path, memory)) ?? null;
    const wanted = fill(template, memory);
    const holds = name === "exists" ? (found !== null) === wanted : found !== null && QUESTIONS[name](found, wanted);
    return { say, holds, missing: holds ? null : missing(name, wanted, found) };
  });
}

export function allHold(conditions, memory) {
  return judge(conditions, memory).every(({ holds }) => holds);
}

function missing(name, wanted, found) {
  const needed = name === "exists" ? (wanted ? "something" : "nothing") : WORDS[name] + brief(wanted);
  return `wanted ${needed}, found ${found === null ? "nothing" : brief(found)}`;
}

function brief(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
