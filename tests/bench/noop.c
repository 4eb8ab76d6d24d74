/* The subprogram of the benchmark: it does nothing, so that what is measured is the checker. */
int main(void)
{
	return 0;
}
