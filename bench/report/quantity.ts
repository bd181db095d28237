/** Numbers with their unit, as people read them. */

export interface Quantity {
  readonly value: number;
  readonly unit: 'seconds' | 'bytes' | 'ratio' | 'count';
}

export const seconds = (value: number): Quantity => ({ value, unit: 'seconds' });
export const bytes = (value: number): Quantity => ({ value, unit: 'bytes' });
export const ratio = (value: number): Quantity => ({ value, unit: 'ratio' });
export const count = (value: number): Quantity => ({ value, unit: 'count' });

/** Decimal units: 1 MB is 10⁶ bytes. */
export function formatQuantity({ value, unit }: Quantity): string {
  switch (unit) {
    case 'seconds':
      return value < 0.01 ? `${digits(value * 1e3, 2)} ms` : value < 1 ? `${Math.round(value * 1e3)} ms` : `${digits(value, 3)} s`;
    case 'bytes': {
      const power = Math.max(0, Math.min(3, Math.floor(Math.log10(Math.max(1, value)) / 3)));
      return `${power === 0 ? value : digits(value / 1000 ** power, 3)} ${['B', 'kB', 'MB', 'GB'][power]}`;
    }
    case 'ratio':
      return `${digits(value, value < 1 ? 3 : 2)}×`;
    case 'count':
      return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
  }
}

/** At least `significant` digits, and all of those before the point. */
function digits(value: number, significant: number): string {
  const before = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.max(0, significant - Math.max(1, before)));
}
