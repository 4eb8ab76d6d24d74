# common/layout.ld: the parts of the C library that it names are there, and a static program has them
# and its own code together. Small variables have no page of their own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $SPAN = 192 * 1024;

my $program = build_dir() . '/bin/cmd5checkpw';
plan skip_all => "$program is dynamic" if qx(readelf -lW $program) =~ /INTERP/;

# A buffer that is aligned to a page aligns all of .bss, if it is not LAYOUT_LARGE or LAYOUT_SECRET.
for my $each (sort glob build_dir() . '/bin/*') {
	my ($name) = $each =~ m{([^/]+)\z};
	my %alignment = qx(readelf -SW $each) =~ /\] (\.bss\S*) .* (\d+)$/mg;
	cmp_ok $alignment{'.bss'}, '<=', 64, "$name: variables follow each other";
	ok exists $alignment{'.bss.large'}, '... and large ones are apart';
}

SKIP: {
	my $archive = qx(\${CC:-cc} -print-file-name=libc.a);
	chomp $archive;
	my %member = map { $_ => 1 } split ' ', qx(ar t $archive 2>/dev/null);
	skip 'no static glibc here', 3 unless $member{'libc-start.o'};

	my @named = grep { !/\*/ } read_file("$FindBin::Bin/../../common/layout.ld") =~ /\*libc\.a:(\S+?)\(/g;
	cmp_ok scalar @named, '>', 50, 'names are found';
	my @absent = grep { !$member{$_} } @named;
	cmp_ok scalar @absent, '<', @named / 10, "few are not in $archive" or diag "@absent";

	# Some may be inlined.
	my %address = map { /^(\w+) [tTiWw] (\S+)$/ ? ($2 => hex $1) : () } qx(nm $program);
	my @run = sort { $a <=> $b } grep { defined } @address{
		qw(_dl_relocate_static_pie __libc_start_main __libc_setup_tls malloc memcpy read main driver_run
		  log_attempt request_parse MD5_Update) };
	ok @run > 5 && $run[-1] - $run[0] < $SPAN, 'what each login runs lies together' or diag explain \@run;
}
done_testing;
