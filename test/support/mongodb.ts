/** The MongoDB server of this test run (`SALLYPORT_TEST_MONGODB`). */
export async function testMongodb(): Promise<string> {
  const url = process.env.SALLYPORT_TEST_MONGODB;
  if (!url) throw new Error('SALLYPORT_TEST_MONGODB is not set');
  return url;
}
