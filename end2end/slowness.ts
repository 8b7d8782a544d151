// Measures how much slower this machine is than the reference machine, for which the timeouts were chosen.

/** The duration of `work` on the reference machine. */
const REFERENCE_MILLISECONDS = 375;

/** A fixed amount of work for the processor, without disk or network. */
function work(): number {
  let state = 1;
  for (let step = 0; step < 60_000_000; step += 1) state = Math.imul(state ^ (state >>> 13), 1_274_126_177) + step;
  return state;
}

/** Returns the best of three runs, because other programs can only make the machine look slower. */
function measure(): number {
  const milliseconds = [0, 1, 2].map(() => {
    const begin = performance.now();
    work();
    return performance.now() - begin;
  });
  return Math.max(1, Math.min(...milliseconds) / REFERENCE_MILLISECONDS);
}

// Workers load this file while other tests run, so they reuse the main process' measurement.
process.env.END2END_SLOWNESS ??= String(measure());

/** The factor for all timeouts; at least 1. */
export const SLOWNESS = Number(process.env.END2END_SLOWNESS);
