import { LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

export interface Language {
  id: string;
  name: string;
  /** The first file's name, as the recording and the exports show it. */
  file: string;
  /** Spaces of one indentation step; 0 is a tab. */
  indent: number;
  load(): Promise<Extension>;
}

async function stream(parser: Promise<StreamParser<unknown>>): Promise<Extension> {
  return new LanguageSupport(StreamLanguage.define(await parser));
}

const clike = () => import("@codemirror/legacy-modes/mode/clike");
const ml = () => import("@codemirror/legacy-modes/mode/mllike");

function language(id: string, name: string, file: string, indent: number, load: () => Promise<Extension>): Language {
  return { id, name, file, indent, load };
}

const PLAIN = language("text", "Plain text", "notes.txt", 4, () => Promise.resolve([]));

export const LANGUAGES: readonly Language[] = [
  language("c", "C", "main.c", 4, async () => (await import("@codemirror/lang-cpp")).cpp()),
  language("csharp", "C#", "Main.cs", 4, () => stream(clike().then((mode) => mode.csharp))),
  language("cpp", "C++", "main.cpp", 4, async () => (await import("@codemirror/lang-cpp")).cpp()),
  language("clojure", "Clojure", "main.clj", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/clojure").then((mode) => mode.clojure)),
  ),
  language("css", "CSS", "style.css", 2, async () => (await import("@codemirror/lang-css")).css()),
  language("dart", "Dart", "main.dart", 2, () => stream(clike().then((mode) => mode.dart))),
  language("elm", "Elm", "Main.elm", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/elm").then((mode) => mode.elm)),
  ),
  language("erlang", "Erlang", "main.erl", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/erlang").then((mode) => mode.erlang)),
  ),
  language("fsharp", "F#", "Main.fs", 4, () => stream(ml().then((mode) => mode.fSharp))),
  language("go", "Go", "main.go", 0, async () => (await import("@codemirror/lang-go")).go()),
  language("haskell", "Haskell", "Main.hs", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/haskell").then((mode) => mode.haskell)),
  ),
  language("html", "HTML", "index.html", 2, async () => (await import("@codemirror/lang-html")).html()),
  language("java", "Java", "Main.java", 4, async () => (await import("@codemirror/lang-java")).java()),
  language("javascript", "JavaScript", "main.js", 2, async () =>
    (await import("@codemirror/lang-javascript")).javascript({ jsx: true }),
  ),
  language("json", "JSON", "data.json", 2, async () => (await import("@codemirror/lang-json")).json()),
  language("julia", "Julia", "main.jl", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/julia").then((mode) => mode.julia)),
  ),
  language("kotlin", "Kotlin", "Main.kt", 4, () => stream(clike().then((mode) => mode.kotlin))),
  language("lisp", "Common Lisp", "main.lisp", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/commonlisp").then((mode) => mode.commonLisp)),
  ),
  language("lua", "Lua", "main.lua", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/lua").then((mode) => mode.lua)),
  ),
  language("markdown", "Markdown", "notes.md", 2, async () => (await import("@codemirror/lang-markdown")).markdown()),
  language("objectivec", "Objective-C", "main.m", 4, () => stream(clike().then((mode) => mode.objectiveC))),
  language("ocaml", "OCaml", "main.ml", 2, () => stream(ml().then((mode) => mode.oCaml))),
  language("pascal", "Pascal", "main.pas", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/pascal").then((mode) => mode.pascal)),
  ),
  language("perl", "Perl", "main.pl", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/perl").then((mode) => mode.perl)),
  ),
  language("php", "PHP", "main.php", 4, async () => (await import("@codemirror/lang-php")).php()),
  language("python", "Python", "main.py", 4, async () => (await import("@codemirror/lang-python")).python()),
  language("r", "R", "main.R", 2, () => stream(import("@codemirror/legacy-modes/mode/r").then((mode) => mode.r))),
  language("ruby", "Ruby", "main.rb", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/ruby").then((mode) => mode.ruby)),
  ),
  language("rust", "Rust", "main.rs", 4, async () => (await import("@codemirror/lang-rust")).rust()),
  language("scala", "Scala", "Main.scala", 2, () => stream(clike().then((mode) => mode.scala))),
  language("scheme", "Scheme", "main.scm", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/scheme").then((mode) => mode.scheme)),
  ),
  language("shell", "Shell", "main.sh", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/shell").then((mode) => mode.shell)),
  ),
  language("sql", "SQL", "main.sql", 2, async () => (await import("@codemirror/lang-sql")).sql()),
  language("swift", "Swift", "main.swift", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/swift").then((mode) => mode.swift)),
  ),
  language("typescript", "TypeScript", "main.ts", 2, async () =>
    (await import("@codemirror/lang-javascript")).javascript({ jsx: true, typescript: true }),
  ),
  language("vb", "Visual Basic", "Main.vb", 4, () =>
    stream(import("@codemirror/legacy-modes/mode/vb").then((mode) => mode.vb)),
  ),
  language("verilog", "Verilog", "main.v", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/verilog").then((mode) => mode.verilog)),
  ),
  language("yaml", "YAML", "data.yaml", 2, () =>
    stream(import("@codemirror/legacy-modes/mode/yaml").then((mode) => mode.yaml)),
  ),
  PLAIN,
];

/** A language this page does not know is shown as plain text under its own name. */
export function languageOf(id: string): Language {
  return LANGUAGES.find((each) => each.id === id) ?? { ...PLAIN, id, name: id.slice(0, 40) };
}

/** Without its colours when its file cannot be had: after an update of the server, or offline. */
export async function loadLanguage(id: string): Promise<Extension> {
  try {
    return await languageOf(id).load();
  } catch (error) {
    console.warn(`The colours of ${id} could not be loaded`, error);
    return [];
  }
}

/** For a list to choose from, by name; `known`: one more, if it is none of them. */
export function languageChoices(known: string): [id: string, name: string][] {
  const choices = LANGUAGES.map(({ id, name }): [string, string] => [id, name]);
  if (!LANGUAGES.some(({ id }) => id === known)) choices.push([known, languageOf(known).name]);
  return choices.sort(([, a], [, b]) => a.localeCompare(b));
}
