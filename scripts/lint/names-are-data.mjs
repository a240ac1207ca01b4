// A rule of this repository for oxlint: a name from outside is never looked up in an object literal.
// An object has names that nobody gave it (`constructor`, `toString`, `__proto__`); a Map has none.

/** Whether the type is `Record<string, ...>`, at any depth of the annotation. */
function namesRecordOfString(type) {
  if (type === null || typeof type !== 'object') return false;
  if (type.type === 'TSTypeReference' && type.typeName.name === 'Record')
    if (type.typeArguments?.params[0]?.type === 'TSStringKeyword') return true;
  return Object.entries(type).some(
    ([key, child]) => key !== 'parent' && typeof child === 'object' && namesRecordOfString(child),
  );
}

const rule = {
  create: (context) => ({
    VariableDeclarator(node) {
      const type = node.id.typeAnnotation?.typeAnnotation;
      if (type === undefined || !namesRecordOfString(type)) return;
      context.report({ node, message: 'a table that is looked up by names is a Map' });
    },
    BinaryExpression(node) {
      if (node.operator !== 'in' || node.left.type === 'Literal') return;
      context.report({
        node,
        message: 'a name from outside is looked up in a Map or among Object.keys()',
      });
    },
  }),
};

export default { meta: { name: 'pagefault' }, rules: { 'names-are-data': rule } };
