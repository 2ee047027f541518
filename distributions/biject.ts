/** The transform from unconstrained space onto a constraint. */
import { type Constraint, independent, real } from "./constraints.ts";
import { markMember } from "./membership.ts";
import { independentTransform, type Transform, transform } from "./transforms.ts";

/**
 * The default bijection from unconstrained numbers onto a constraint: Stan's (up to 2.36 for the simplex).
 *
 * Bounds may be traced tensors. What `forward` returns is remembered as a member of the constraint, so that a log
 * density with that support needn't test it.
 *
 * @throws TypeError if the constraint is discrete or has no bijection; the message says what to do instead.
 * @example
 * const t = biject(constraints.positive);
 * t.forward(0).item();                          // 1
 * t.logAbsDetJacobian(0.3, t.forward(0.3)).item();   // 0.3
 */
export function biject(constraint: Constraint): Transform {
  const t = transformOnto(constraint);
  return { ...t, codomain: constraint, forward: (x) => markMember(t.forward(x), constraint) };
}

function transformOnto(constraint: Constraint): Transform {
  const { name, isDiscrete, bijection, base } = constraint;
  if (isDiscrete) {
    throw new TypeError(
      `biject: ${name} is discrete and has no bijection from real numbers. ` +
        "Sum the variable out (enumerate it), or observe it",
    );
  }
  if (bijection !== undefined) return transform({ domain: independent(real, bijection.domainDim ?? 0), ...bijection });
  if (base !== undefined) return independentTransform(biject(base), constraint.eventDim - base.eventDim);
  throw new TypeError(
    `biject: no bijection is known for ${name}. ` +
      "Give the constraint a `bijection`, or write the model with a constraint that has one",
  );
}
