import type { GenerationView } from '../../app/contract/keys.ts';
import { listen } from '../../renderer/features/keys/timeline/input.ts';
import { TimelineView } from '../../renderer/features/keys/timeline/view.ts';
import '../../renderer/theme/tokens.css';

declare global {
  interface Window {
    /** Milliseconds of main-thread time of each of `frames` frames while zooming and panning `generations` generations. */
    measureTimeline: (generations: number, frames: number) => Promise<number[]>;
  }
}

const NAMES = ['masterkey_key_name', 'k2_hash_key', 'tenant_emea', 'tenant_apac'];
const YEARS = 12 * 365.25 * 86_400_000;

window.measureTimeline = async (generations, frames) => {
  const canvas = document.createElement('canvas');
  canvas.style.cssText = 'display:block;inline-size:1400px;block-size:420px';
  document.body.replaceChildren(canvas);
  const view = new TimelineView(canvas, { onHover: () => undefined });
  const stop = listen(canvas, view, { choose: () => undefined, open: () => undefined });
  const now = Date.UTC(2026, 9, 2);
  view.setData(history(generations, now), NAMES, [], now);
  view.resize(1400, 420, devicePixelRatio);
  const times: number[] = [];
  for (let frame = 0; frame < frames; frame += 1) times.push(await frameTime(() => move(canvas, frame)));
  stop();
  view.dispose();
  return times;
};

/** In, far in, sideways, and out again, with the pointer going over the bars: as a hand would do it. */
function move(canvas: HTMLCanvasElement, frame: number): void {
  const phase = frame % 120;
  const at = { clientX: 300 + ((frame * 7) % 1000), clientY: 90 + ((frame * 3) % 250), bubbles: true, cancelable: true };
  if (phase < 45) canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: -130 }));
  else if (phase < 75) canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaX: phase % 2 === 0 ? 60 : 45 }));
  else canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: 130 }));
  canvas.dispatchEvent(new PointerEvent('pointermove', at));
}

/**
 * The main thread's time for one frame: the input's own work, and everything from the first callback of the frame that
 * follows until its style, layout and paint are done (a message posted in the frame arrives after them). Waiting for
 * the frame to begin is not counted.
 */
function frameTime(input: () => void): Promise<number> {
  return new Promise((done) => {
    let start = 0;
    let inputTime = 0;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      done(inputTime + performance.now() - start);
    };
    // Asked for before the input, so that it runs before the view's own callback in the same frame.
    requestAnimationFrame(() => {
      start = performance.now();
      channel.port2.postMessage(null);
    });
    const began = performance.now();
    input();
    inputTime = performance.now() - began;
  });
}

/** Four names over twelve years with uneven gaps; one generation in fifty still holds instances. */
function history(count: number, now: number): GenerationView[] {
  const each = Math.floor(count / NAMES.length);
  let seed = 7;
  const random = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
  return NAMES.flatMap((name) => {
    const keys: GenerationView[] = [];
    const step = YEARS / each;
    for (let index = 0; index < each; index += 1) {
      const activatedAt = now - YEARS + index * step + random() * step * 0.8;
      keys.push({
        name,
        description: `${name}-${index}`,
        state: index === each - 1 ? 'active' : 'deactivated',
        fingerprint: Math.floor(random() * 0x7fffffff).toString(16),
        generator: 'Java_AES',
        store: 'Stripe_AES',
        wrapping: { kind: 'keystore', keyId: `p${Math.floor(index / 4000)}` },
        createdAt: activatedAt,
        activatedAt,
        deactivatedAt: null,
        actor: 'bench',
        reason: null,
        stripes: 61,
        instances: random() < 0.02 ? Math.floor(random() * 1000) : 0,
        bytes: 0,
        readable: true,
        failure: null,
      });
    }
    return keys;
  });
}
