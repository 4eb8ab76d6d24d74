/*
 * layout - where a static buffer lies. A page that is touched costs a page fault, which is dearer
 * than ten system calls. So what is large, and used in part or seldom, goes behind all else: the
 * small variables then share few pages. The linker sorts by name; see the Makefile. layout.ld does
 * the same for code.
 */
#ifndef COMMON_LAYOUT_H
#define COMMON_LAYOUT_H

#ifdef __SANITIZE_ADDRESS__ /* watches no variable whose section is named */
#define LAYOUT_LARGE
#else
#define LAYOUT_LARGE __attribute__((section(".bss.zz_large")))
#endif

#endif
