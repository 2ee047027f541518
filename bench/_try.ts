import { logDensity } from "lapilli";
import { posteriors } from "/work/main/test/posteriors/posteriors.ts";
import { dataOf, hasReference, referencePoints, stanOrder } from "/work/main/test/posteriors/references.ts";
for (const p of posteriors) {
  for (const interpret of [false, true]) try {
    const ld = logDensity(p.bind(dataOf(p)!), undefined, { interpret });
    if (!hasReference(p.name)) { console.log(p.name, ld.dim, ld.interpreted); continue; }
    const { parameters, points } = referencePoints(p.name);
    const order = stanOrder(ld, parameters);
    let e = 0, el = 0, l0 = 0;
    points.forEach((pt, i) => {
      const x = Float64Array.from(order, (j) => pt.unconstrained[j]!), g = new Float64Array(ld.dim);
      const l = ld.valueAndGrad(x, g);
      if (i === 0) l0 = l; 
      const d = pt.logDensity - points[0].logDensity;
      const r = Math.abs(l - l0 - d) / Math.max(1, Math.abs(d)); if (!(r < el)) el = r;
      g.forEach((v, k) => { const ref = pt.gradient[order[k]]!; const q = Math.abs(v - ref) / Math.max(1, Math.abs(ref)); if (!(q < e)) e = q; });
    });
    console.log(p.name, interpret ? "int" : "comp", ld.dim, el.toExponential(1), e.toExponential(1), ld.interpreted ?? "", ld.timing);
  } catch (err) { console.log(p.name, interpret, "ERROR", (err as Error).stack?.slice(0, 700)); }
}
