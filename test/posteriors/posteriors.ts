/** The posteriors of the collection. */
import { arK } from "./models/arK.ts";
import { blr } from "./models/blr.ts";
import { eightSchools } from "./models/eightSchools.ts";
import { garch } from "./models/garch.ts";
import { gaussMix } from "./models/gaussMix.ts";
import { glmPoisson } from "./models/glmPoisson.ts";
import { gpRegression } from "./models/gpRegression.ts";
import { hmmDrive, hmmExample } from "./models/hmm.ts";
import { irt2pl } from "./models/irt2pl.ts";
import { kidscore } from "./models/kidscore.ts";
import { kilpisjarvi } from "./models/kilpisjarvi.ts";
import { logearn } from "./models/logearn.ts";
import { logistic } from "./models/logistic.ts";
import { lotkaVolterra } from "./models/lotkaVolterra.ts";
import { mesquite } from "./models/mesquite.ts";
import { miceWeibull } from "./models/miceWeibull.ts";
import { nes } from "./models/nes.ts";
import { radon } from "./models/radon.ts";
import { rhsLinear } from "./models/rhsLinear.ts";
import { seeds } from "./models/seeds.ts";
import { wells } from "./models/wells.ts";
import type { Posterior } from "./posterior.ts";

export const posteriors: readonly Posterior[] = [
  eightSchools,
  blr,
  arK,
  nes,
  kidscore,
  logearn,
  mesquite,
  kilpisjarvi,
  radon,
  wells,
  logistic,
  glmPoisson,
  gaussMix,
  gpRegression,
  irt2pl,
  seeds,
  miceWeibull,
  rhsLinear,
  garch,
  hmmExample,
  hmmDrive,
];

/** Those whose log density is the solution of an equation to a tolerance, ours and the reference's. */
export const solvedPosteriors: readonly Posterior[] = [lotkaVolterra];
