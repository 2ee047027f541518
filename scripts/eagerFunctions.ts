/**
 * Has the engine compile functions together with what is around them, not when they are first called: V8 does that for function
 * expressions in parentheses, which it takes for functions that are called at once. A function that is compiled on its first call is
 * read twice, and the first gradient of a model calls a thousand functions for the first time.
 */
import ts from "typescript";

/** Functions of a file, counted in their order. */
export type FunctionNumbers = ReadonlySet<number>;

/** Whether a node is a function that an engine counts: not a type, nor a declaration without a body. */
const isFunction = (node: ts.Node): node is ts.FunctionLikeDeclaration =>
  ts.isFunctionLike(node) && (node as ts.FunctionLikeDeclaration).body !== undefined;

/** The functions of a file of JavaScript that `ran` holds for, asked with the first and the last position of each. */
export function numbersOf(text: string, ran: (start: number, end: number) => boolean): FunctionNumbers {
  const numbers = new Set<number>();
  let next = 0;
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) {
      // The engine does not count `export`.
      const start = ts.isFunctionDeclaration(node) ? text.indexOf("function", node.getStart()) : node.getStart();
      if (ran(start, node.getEnd())) numbers.add(next);
      next++;
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.js", text, ts.ScriptTarget.Latest, true));
  return numbers;
}

/** Puts the functions with these numbers into parentheses, where they can be: methods and functions of `this` stay. For `emit`'s `after`. */
export const eagerFunctions =
  (eager: (file: ts.SourceFile) => FunctionNumbers): ts.TransformerFactory<ts.SourceFile> =>
  (context) =>
  (file) => {
    const { factory } = context;
    const numbers = eager(file);
    const moved = new Set<ts.Statement>();
    let next = 0;
    /** Declarations count from the beginning of their block, before the statements that call them. */
    const hoist = <S extends readonly ts.Statement[]>(statements: S): ts.Statement[] => [
      ...statements.filter((s) => ts.isImportDeclaration(s)),
      ...statements.filter((s) => moved.has(s)),
      ...statements.filter((s) => !ts.isImportDeclaration(s) && !moved.has(s)),
    ];
    const visit = (node: ts.Node): ts.Node => {
      const isEager = isFunction(node) && numbers.has(next++) && isPlain(node);
      const visited = ts.visitEachChild(node, visit, context);
      if (ts.isBlock(visited) && visited.statements.some((s) => moved.has(s)))
        return factory.updateBlock(visited, hoist(visited.statements));
      return isEager ? inParentheses(visited) : visited;
    };
    const inParentheses = (node: ts.Node): ts.Node => {
      if (ts.isFunctionExpression(node)) return factory.createParenthesizedExpression(node);
      if (ts.isArrowFunction(node)) {
        const body = ts.isBlock(node.body)
          ? node.body
          : factory.createBlock([factory.createReturnStatement(node.body)]);
        return expression(node.parameters, body, node);
      }
      if (!ts.isFunctionDeclaration(node) || !node.name || !node.body) return node;
      const value = expression(node.parameters, node.body, node);
      const statement = factory.createVariableStatement(
        node.modifiers,
        factory.createVariableDeclarationList(
          [factory.createVariableDeclaration(node.name, undefined, undefined, value)],
          ts.NodeFlags.Const,
        ),
      );
      moved.add(statement);
      return statement;
    };
    const expression = (
      parameters: readonly ts.ParameterDeclaration[],
      body: ts.Block,
      from: ts.Node,
    ): ts.Expression => {
      const made = factory.createFunctionExpression(
        undefined,
        undefined,
        undefined,
        undefined,
        parameters,
        undefined,
        body,
      );
      return factory.createParenthesizedExpression(ts.setSourceMapRange(made, from));
    };
    const visited = ts.visitEachChild(file, visit, context);
    return factory.updateSourceFile(visited, hoist(visited.statements));
  };

/** Neither asynchronous, nor a generator, nor an arrow function that uses the `this` of what is around it. */
function isPlain(node: ts.FunctionLikeDeclaration): boolean {
  if (node.asteriskToken || node.modifiers?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword)) return false;
  const usesThis = (child: ts.Node): boolean =>
    child.kind === ts.SyntaxKind.ThisKeyword ||
    child.kind === ts.SyntaxKind.SuperKeyword ||
    ((!isFunction(child) || ts.isArrowFunction(child)) && ts.forEachChild(child, usesThis) === true);
  return !ts.isArrowFunction(node) || ts.forEachChild(node, usesThis) !== true;
}
