/** Credentials of a client as `sallyport demo --json` prints them. */
export interface Credentials {
  client_id: string;
  client_secret: string;
}

/** What a test reads of an answer: the status, the headers and the JSON body (or the text, when it is none). */
export interface Answer {
  status: number;
  headers: Headers;
  body: ReturnType<typeof JSON.parse>;
}

/** The Authorization header of a client, unencoded, as most gateways send it. */
export const basic = ({ client_id, client_secret }: Credentials): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
});

/** Sends a form and reads the answer. */
export async function post(url: string, form: Record<string, string> | string, headers = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  return read(response);
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  try {
    return { status, headers, body: JSON.parse(text) };
  } catch {
    return { status, headers, body: text };
  }
}
