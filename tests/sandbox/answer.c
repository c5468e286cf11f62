/* tests: stands in for a plugin: something that is loaded and called. */
int answer(void);
__attribute__((visibility("default"))) int answer(void)
{
	return 42;
}
