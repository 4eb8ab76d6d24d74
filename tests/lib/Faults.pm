# Makes each system call of a checker fail in turn.
package Faults;

use strict;
use warnings;

use Exporter 'import';
use Checker;
use Test::More;

our @EXPORT = qw(errors_to_inject fault_each_call);

# One of them at each call, each in its turn; all of them at every call if CHECKPW_FAULTS=all.
my @errors = qw(ENOMEM EIO EINTR EMFILE ENOSPC);

sub errors_to_inject {
	my ($turn) = @_;
	return @errors if ($ENV{CHECKPW_FAULTS} // '') eq 'all';
	return $errors[ $turn % @errors ];
}

# The calls of one run as [name, which of that name], from the first one of main, a poll, on.
sub calls_of {
	my ($run) = @_;
	my $trace = scratch() . '/trace';
	my $got = $run->(before => [ qw(strace -qq -o), $trace, '--' ]);
	my (%count, @calls, $main);
	for (split /\n/, read_file($trace) // '') {
		my ($name) = /^(\w+)\(/ or next;
		$count{$name}++;
		$main ||= $name eq 'poll';
		# The end of a signal handler cannot fail, and to a program that is made to believe so it is deadly.
		push @calls, [ $name, $count{$name} ] if $main && $name !~ /^exit|^rt_sigreturn/;
		last if $name eq 'execve' && $count{$name} == 2;
	}
	return ($got, @calls);
}

# The same of a child that it forks. strace counts the calls of each process from one: of those that the parent
# makes before its fork the child's can only fail together with the parent's, and are left out.
sub calls_of_child {
	my ($run) = @_;
	my $trace = scratch() . '/trace';
	my $got = $run->(before => [ qw(strace -f -b execve -qq -o), $trace, '--' ]);
	my ($parent, %count, %before, @calls);
	for (split /\n/, read_file($trace) // '') {
		my ($process, $name) = /^(\d+) +(\w+)\(/ or next;
		$parent //= $process;
		my $which = ++$count{$process}{$name};
		if ($process == $parent) {
			$before{$name}++ if keys %count == 1;
		} elsif ($which > ($before{$name} // 0) && $name !~ /^exit|^rt_sigreturn/) {
			push @calls, [ $name, $which ];
		}
	}
	return ($got, @calls);
}

# Runs the attempt (of Checker.pm, or `run`, which takes words of `before`) once for each of its calls and injected error. `accept` says
# whether its password is right: then it is accepted, or the exit is 111; else 1 or 111, and the
# subprogram never runs. `survives` says that the program is there while the subprogram runs: then it
# may be 111 even so. `child` takes the calls of its child.
sub fault_each_call {
	my ($name, %given) = @_;
	my $accept = delete $given{accept};
	my $survives = delete $given{survives};
	my $child = delete $given{child};
	my $run = delete $given{run} // sub { return attempt(%given, @_) };
	my ($plain, @calls) = $child ? calls_of_child($run) : calls_of($run);
	my (@wrong, %ended);
	is $plain->{exit}, $accept ? 0 : 1, "$name: without a fault" or return;
	my $turn = 0;
	for my $call (@calls) {
		my ($syscall, $which) = @{$call};
		for my $error (errors_to_inject($turn++)) {
			# The kernel's brk answers with an address, whatever happens, and the C library relies on it.
			my $fault = $syscall eq 'brk' ? 'retval=0' : "error=$error";
			my $got = $run->(before => [ 'strace', $child ? qw(-f -b execve) : (), qw(-qq -o /dev/null -e), "inject=$syscall:$fault:when=$which", '--' ]);
			my $ran = defined $got->{probe};
			my $sound = !$got->{signal} && ($got->{exit} == 111 ? !$ran || $accept && $survives : $accept ? $got->{exit} == 0 && $ran : $got->{exit} == 1 && !$ran);
			$ended{ $got->{exit} }++;
			push @wrong, "$syscall number $which, $error: exit $got->{exit} signal $got->{signal}" . ($ran ? ', subprogram run' : '') . " $got->{log}" if !$sound;
		}
	}
	ok !@wrong, "$name: " . @calls . ' calls, each failing: ' . join ', ', map { "exit $_ $ended{$_} times" } sort keys %ended;
	diag $_ for @wrong;
	return;
}

1;
