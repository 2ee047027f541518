/**
 * Marks the calls that initialise top-level constants as free of side effects, so that bundlers drop the constants that a
 * page does not use: records of operations, families, constraints. Every module of the library keeps that promise; what a module
 * does to others when it loads is a statement of its own and stays.
 */
import ts from "typescript";

/**
 * Puts `@__PURE__` before every call and `new` that runs when a top-level `const` is initialised; for `emit`'s `before` or `after`.
 *
 * @example
 * program.emit(undefined, undefined, undefined, false, { after: [pureCalls] });
 * // const addOp = defineMap({ … });   becomes   const addOp = /*@__PURE__*\/ defineMap({ … });
 */
export const pureCalls: ts.TransformerFactory<ts.SourceFile> = (context) => {
  const mark = (node: ts.Node): ts.Node => {
    // What a function does when it is called is not done when the module loads.
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return node;
    const marked = ts.visitEachChild(node, mark, context);
    if (!ts.isCallExpression(marked) && !ts.isNewExpression(marked)) return marked;
    return ts.addSyntheticLeadingComment(marked, ts.SyntaxKind.MultiLineCommentTrivia, "@__PURE__");
  };
  const isConstant = (statement: ts.Statement): boolean =>
    ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
  return (file) =>
    ts.visitEachChild(
      file,
      (statement) => (isConstant(statement as ts.Statement) ? ts.visitEachChild(statement, mark, context) : statement),
      context,
    );
};
