// How much slower this machine is than the one that the time limits of the tests were chosen on.

/** How long that machine takes for `work`, in milliseconds. */
const REFERENCE_MILLISECONDS = 375;

/** A fixed piece of work that takes the processor alone: neither disk nor network. */
function work(): number {
  let state = 1;
  for (let step = 0; step < 60_000_000; step += 1) state = Math.imul(state ^ (state >>> 13), 1_274_126_177) + step;
  return state;
}

/** The best of three: whatever else runs at that moment makes it look slower than it is. */
function measure(): number {
  const milliseconds = [0, 1, 2].map(() => {
    const begin = performance.now();
    work();
    return performance.now() - begin;
  });
  return Math.max(1, Math.min(...milliseconds) / REFERENCE_MILLISECONDS);
}

// Workers load this as well, while tests run beside them; they take over what was measured before.
process.env.END2END_SLOWNESS ??= String(measure());

/** By what all time limits are multiplied; never less than 1. */
export const SLOWNESS = Number(process.env.END2END_SLOWNESS);
