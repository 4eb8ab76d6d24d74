/*
 * prefault - makes present in one step what a static program relocates.
 *
 * A static program that can be loaded anywhere begins by writing to each page of its tables of
 * pointers; of OpenSSL and the MySQL client library there are more than a hundred. Each of these
 * writes is a page fault, and together they were a seventh of a login. Linked with
 * --wrap=_dl_relocate_static_pie, this runs just before: nothing that needs relocation, errno or
 * the stack protector's canary may be used here. A kernel before 5.14 refuses, and the pages come
 * one by one as ever. The advice is 23 in <linux/mman.h>, which older headers do not have.
 */
#include <link.h>
#include <sys/syscall.h>

#define ADVICE_POPULATE_WRITE 23L
#define PAGE_BYTES 4096UL /* where pages are larger, the kernel refuses what is not aligned */

/* Where the program begins; the linker's. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

void __real__dl_relocate_static_pie(void);
void __wrap__dl_relocate_static_pie(void);

static void advise(unsigned long start, unsigned long size, long advice)
{
#if defined(__x86_64__)
	long number = SYS_madvise;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(start), "S"(size), "d"(advice)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register unsigned long x0 __asm__("x0") = start, x1 __asm__("x1") = size;
	register long x2 __asm__("x2") = advice, x8 __asm__("x8") = SYS_madvise;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
#else
	(void)start, (void)size, (void)advice;
#endif
}

__attribute__((no_stack_protector)) void __wrap__dl_relocate_static_pie(void)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *header = (const void *)(base + __ehdr_start.e_phoff);

	for (unsigned left = __ehdr_start.e_phnum; left > 0; left--, header++) {
		unsigned long start = (unsigned long)base + header->p_vaddr;
		unsigned long inside = start % PAGE_BYTES;

		if (header->p_type == PT_LOAD && (header->p_flags & PF_W) != 0)
			advise(start - inside, inside + header->p_filesz, ADVICE_POPULATE_WRITE);
	}
	__real__dl_relocate_static_pie();
}
