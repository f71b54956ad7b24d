/** What the policies ask of one sign-in, all that apply taken together. Times in seconds. */
export interface Demand {
  /** Whether a second factor is asked for: never, from whoever has one, or from everybody. */
  secondFactor: 'off' | 'if-enrolled' | 'required';
  /** The least that the second factor must be worth. */
  level: '2fa' | 'phr';
  /** So long after having been told first, somebody without a factor may still go on without. */
  grace: number;
  /** How long a device may be remembered, so that it is not asked there again; 0 is never. */
  remember: number;
}
