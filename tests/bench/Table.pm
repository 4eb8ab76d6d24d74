# How what was measured is printed.
package Table;

use strict;
use warnings;

use Bench;
use Exporter 'import';
use POSIX ();
use Stores;

our @EXPORT = qw(print_machine print_head print_row print_legend print_scale_head print_scale
  print_index print_load_head print_load print_share);

sub processors {
	open my $info, '<', '/proc/cpuinfo' or return 'processors unknown';
	my @lines = <$info>;
	my $count = grep { /^processor\s/ } @lines;
	my ($model) = map { /^model name\s*:\s*(.*)/ } @lines;
	return $count . ' x ' . ($model // 'processor');
}

sub release {
	open my $file, '<', '/etc/debian_version' or return 'not Debian';
	my $version = <$file>;
	chomp $version;
	return "Debian $version";
}

sub print_machine {
	my ($kernel, $machine) = (POSIX::uname())[ 2, 4 ];

	print processors(), ", Linux $kernel $machine, ", release(), ', CPU ', option('c'), ', ',
		option('n'), " pairs\n";
	for my $package (qw(checkpw cvm pwauth mariadb-server)) {
		my $version = first_line('dpkg-query', '-W', '-f', '${Version}', $package);
		print "$package $version\n" if $version;
	}
	return;
}

# "own+children", without the second where there is nothing.
sub both {
	my ($own, $children) = @_;

	return '?' unless defined $own;
	return $children ? "$own+$children" : $own;
}

sub kilo { my ($number) = @_; return defined $number ? int($number / 1000 + 0.5) : undef }

sub print_head {
	printf "\n%-37s %8s %8s %8s %6s %6s %8s %9s %9s %9s %4s\n", 'program and case', 'wall us', 'p90',
		'floor', 'ratio', 'faults', 'calls', 'instr/k', 'limit', 'KB', 'exit';
	return;
}

sub print_row {
	my ($row, $f) = @_;
	my $steps = $f->{many} ? '>' . kilo($f->{many}) : both(map { kilo($_) } @{ $f->{steps} });

	printf "%-37s %8.1f %8.1f %8.1f %6.3f %6d %8s %9s %9s %9s %4s\n", $row->{text},
		@$f{qw(wall p90 floor ratio faults)}, both(@{ $f->{calls} }), $steps, $f->{limit} // '-',
		both(@{ $f->{memory} }), $f->{status};
	return;
}

sub print_legend {
	print <<'END';

wall     from the start of the checker to the end of the subprogram: median and p90
floor    the same median for the floor, which reads the message and runs the subprogram
ratio    to the floor: median of the ratios of runs in pairs
faults   minor page faults, those of the subprogram and of child processes included
calls    system calls from the checker's exec to the subprogram's; + those of child processes
instr/k  thousands of instructions in user space, in the same span
limit    the smallest softlimit -m in bytes with which it succeeds
KB       the most resident memory, of the checker; + of its largest child process
*        a refusal runs no subprogram, so it may come below the floor
**       ratio and floor: to the floor with a dynamic libc
***      runs no subprogram
Those that look up system accounts become the account (groups, gid, uid, directory).
END
	return;
}

sub grouped {
	my ($number) = @_;

	1 while $number =~ s/^(\d+)(\d{3})/$1 $2/;
	return $number;
}

sub print_scale_head {
	my (@sizes) = @_;

	printf "\n%-43s", 'microseconds, the last of so many users';
	printf ' %12s', grouped($_) for @sizes;
	print "  last/first\n";
	return;
}

sub print_scale {
	my ($scale, @figures) = @_;

	@figures = grep { $_ } @figures;
	return unless @figures;
	printf '%-43s', $scale->{text};
	printf ' %12.1f', $_->{wall} for @figures;
	# Of the ratios to the floor, so that a slower minute counts less.
	printf "%12.3f\n", $figures[-1]{ratio} / $figures[0]{ratio};
	return;
}

sub print_index {
	my $index = indexing();

	printf "\npoppasswd index, the largest: %.2f s, %.0f MB written, %.1f MB of memory.\n",
		$index->{seconds}, $index->{bytes} / 1e6, $index->{memory} / 1024 if $index->{seconds};
	return;
}

sub print_load_head {
	printf "\n%-37s", 'logins a second, so many at once';
	printf ' %8d', $_ for @_;
	print "\n";
	return;
}

sub print_load {
	my ($row, @rates) = @_;

	printf '%-37s', $row->{text} =~ s/^\.\.\./$row->{name}:/r;
	printf ' %8d', $_ for @rates;
	print "\n";
	return;
}

sub print_share {
	my ($what, $other, $share) = @_;

	printf "%s takes %.3f of the time of %s.\n", ucfirst $what, $share, $other if defined $share;
	return;
}

1;
